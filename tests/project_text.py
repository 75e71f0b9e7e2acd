"""Sections of project files, as a user would write them."""

COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7")


def task_text(name: str, unit: str, *classes: str) -> str:
    """A task whose classes have the keys 1, 2 ... in their order, and a colour each."""
    lines = [f'[[task]]\nname = "{name}"\nunit = "{unit}"\n']
    for at, (label, color) in enumerate(zip(classes, COLORS, strict=False)):
        lines.append(f'[[task.class]]\nname = "{label}"\ncolor = "{color}"\nkey = "{at + 1}"\n')
    assert len(lines) == len(classes) + 1, "more classes than colours"
    return "".join(lines)
