"""The project file: what it resolves to, and the one sentence for each mistake in it."""

from pathlib import Path

import pytest

from segclr.errors import ProjectError
from segclr_viewer.keys import FIXED_KEYS, USUAL_KEYS
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.palette import PALETTE
from segclr_viewer.project import Project, overridden
from segclr_viewer.project_file import describe, load_project
from segclr_viewer.world import choice_of

GOOD = """
name = "cortex"
start_segments = ["9223372036854775813"]
annotator = "ana"

[em]
url = "precomputed://gs://bucket/em"

[segmentation]
url = "data/segmentation"
version = "v117"
resolution_nm = [32, 32, 40.5]

[table]
folder = "../table"

[labels]
file = "labels.sqlite"

[[task]]
name = "subcompartment"
unit = "node"

[[task.class]]
name = "axon"
color = "#3b82f6"
key = "1"

[[task.class]]
name = "dendrite"
color = "#EF4444"
key = "d"

[[task]]
name = "cell type"
unit = "segment"
aggregation_radius_um = 10

[[task.class]]
name = "astrocyte"
color = "#10b981"
key = "1"

[[task.class]]
name = "microglia"
color = "#8b5cf6"
key = "2"
"""


ANNOTATORS = '[[annotator]]\nname = "ana"\n[[annotator]]\nname = "ben"\n'


def load(folder: Path, text: str) -> Project:
    path = folder / "project.toml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def test_everything_in_the_file_arrives(tmp_path: Path) -> None:
    project = load(tmp_path, GOOD)
    assert project.name == "cortex"
    assert project.em is not None
    assert project.em.url == "precomputed://gs://bucket/em"
    assert project.segmentation.resolution_nm == (32, 32, 40.5)
    assert project.encoder is None
    assert project.server.host == "127.0.0.1"
    assert project.start_segments == (str(2**63 + 5),)
    assert [task.unit for task in project.tasks] == ["node", "segment"]
    assert [task.aggregation_radius_um for task in project.tasks] == [0, 10]
    assert project.tasks[0].class_index("dendrite") == 1
    assert project.tasks[0].class_index("glia") is None


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    monkeypatch.chdir("/")
    project = load(folder, GOOD)
    assert project.table.folder == str(tmp_path / "table")
    assert project.labels.file == str(folder / "labels.sqlite")
    assert project.segmentation.url == str(folder / "data" / "segmentation")


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("em", "HERE/em"),
        ("/data/em", "/data/em"),
        ("em|zarr3:", "HERE/em|zarr3:"),
        ("precomputed://em", "precomputed://file://HERE/em"),
        ("precomputed://file://em", "precomputed://file://HERE/em"),
        ("zarr://file:///data/em", "zarr://file:///data/em"),
        ("file://em", "file://HERE/em"),
        ("gs://bucket/em|zarr3:", "gs://bucket/em|zarr3:"),
        ("n5://https://host/em", "n5://https://host/em"),
    ],
)
def test_a_url_is_made_absolute_only_where_it_is_local(tmp_path: Path, written: str, resolved: str) -> None:
    project = load(tmp_path, GOOD.replace("precomputed://gs://bucket/em", written))
    assert project.em is not None
    assert project.em.url == resolved.replace("HERE", str(tmp_path))


def test_the_annotator_is_the_user_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "bo")
    assert load(tmp_path, GOOD).annotator == "ana"
    assert load(tmp_path, GOOD.replace('annotator = "ana"', "")).annotator == "bo"


def test_several_annotators_are_named_in_sections_or_on_the_command_line(tmp_path: Path) -> None:
    project = load(tmp_path, GOOD.replace('annotator = "ana"', "") + ANNOTATORS)
    assert [annotator.name for annotator in project.annotators] == ["ana", "ben"]
    assert "annotator 2.name = ben" in describe(project).splitlines()
    one = load(tmp_path, GOOD)
    assert "annotator = ana" in describe(one).splitlines()
    assert [annotator.name for annotator in overridden(one, None, ["kim", "lu"]).annotators] == ["kim", "lu"]
    assert overridden(one, None, None).annotator == "ana"
    for names, sentence in ((["kim", "kim"], "'kim' is given twice"), (["a\nb"], "cannot be an annotator's")):
        with pytest.raises(ProjectError, match=sentence):
            overridden(one, None, names)


def test_what_trains_and_what_is_asked_of_all_are_read(tmp_path: Path) -> None:
    project = load(tmp_path, GOOD)
    assert (project.labelling.double_share, choice_of(project.train_on)) == (0.0, ALL)
    more = '[labelling]\ndouble_share = 0.1\n[train_on]\nannotators = ["ana"]\nreviews = ["agreed"]\n'
    project = load(tmp_path, GOOD + more)
    assert project.labelling.double_share == 0.1
    assert choice_of(project.train_on) == Choice(frozenset({"ana"}), None, frozenset({"agreed"}))


def test_the_description_holds_every_resolved_setting(tmp_path: Path) -> None:
    lines = describe(load(tmp_path, GOOD)).splitlines()
    assert "segmentation.version = v117" in lines
    assert "server.port = 0" in lines
    assert "encoder = (none)" in lines
    assert f"labels.file = {tmp_path / 'labels.sqlite'}" in lines
    assert "task 2.aggregation_radius_um = 10.0" in lines
    assert "task 1.class 2.key = d" in lines
    assert "segmentation.resolution_nm = 32.0, 32.0, 40.5" in lines


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[em]\nurl", "[em]\nulr", "the key em.ulr is not known: did you mean url?"),
        ("[table]", "[tabel]", "the key tabel is not known: did you mean table?"),
        ('color = "#3b82f6"', 'colour = "#3b82f6"', "the key task 1.class 1.colour is not known: did you mean color?"),
        ("[em]\nurl", "[em]\nqqq = 1\nurl", "the key em.qqq is not known: known are url, resolution_nm"),
        ('version = "v117"', "", "the key segmentation.version is missing"),
        ('name = "cortex"', "", "the key name is missing"),
        ('version = "v117"', "version = 117", "segmentation.version is 117, but must be text in quotes"),
        ('version = "v117"', 'version = " "', "segmentation: version is empty"),
        ("radius_um = 10", 'radius_um = "10"', "task 2.aggregation_radius_um is '10', but must be a number"),
        ("radius_um = 10", "radius_um = -1", "task 2: aggregation_radius_um is -1"),
        ("radius_um = 10", "radius_um = nan", "task 2: aggregation_radius_um is nan"),
        ('unit = "node"', 'unit = "cell"', "task 1.unit is 'cell', but must be one of 'node', 'segment'"),
        ("40.5]", "]", "segmentation.resolution_nm is [32, 32], but must be a list of 3 numbers"),
        ("40.5]", '"40"]', "segmentation.resolution_nm 3 is '40', but must be a number"),
        ('[table]\nfolder = "../table"', 'table = "x"', "is 'x', but must be a section"),
        ('"9223372036854775813"', "9223372036854775813", "start_segments 1 is 9223372036854775813, but must be text"),
        ('"9223372036854775813"', '"18446744073709551616"', "'18446744073709551616', which is no segment id"),
        ("#3b82f6", "blue", "task 1.class 1: color 'blue' is no colour"),
        ('key = "d"', 'key = "1"', "task 1: the key '1' is given twice"),
        ('key = "d"', 'key = "D"', "task 1.class 2: key 'D' cannot be used"),
        ('key = "d"', 'key = "z"', "task 1.class 2: key 'z' is taken (it means: undo)"),
        ('name = "dendrite"', 'name = "axon"', "task 1: the class name 'axon' is given twice"),
        ('name = "cell type"', 'name = "subcompartment"', "the task name 'subcompartment' is given twice"),
        (
            'key = "d"',
            'key = "s"',
            "the class key 's' is also that of skip: give the class another one, or set keys.skip",
        ),
        ('annotator = "ana"', '[keys]\nskip = "F1"', "keys: skip = 'F1' cannot be used: take one digit"),
        ('annotator = "ana"', '[keys]\nskip = "y"', "keys: skip = 'y' is taken (it means: redo)"),
        ('annotator = "ana"', '[keys]\nskip = "q"', "keys: skip and queue have the same key 'q': give each its own"),
        ('annotator = "ana"', '[keys]\nskp = "w"', "the key keys.skp is not known: did you mean skip?"),
        ('annotator = "ana"', '[keys]\nunsure = "d"', "the class key 'd' is also that of unsure"),
        ('annotator = "ana"', 'depth_axis = "w"', "depth_axis is 'w', but must be one of 'x', 'y', 'z'"),
        ('annotator = "ana"', "[server]\nport = 65536", "server: port is 65536"),
        ('annotator = "ana"', "[server]\nport = true", "server.port is True, but must be a whole number"),
        ('annotator = "ana"', "[[annotator]]\nnmae = 'x'", "the key annotator 1.nmae is not known: did you mean name?"),
        ('annotator = "ana"', "[[annotator]]\nname = ' '", "annotator 1: name ' ' cannot be an annotator's"),
        ('annotator = "ana"', ANNOTATORS + ANNOTATORS, "the annotator 'ana' is given twice"),
        ('annotator = "ana"', "[labelling]\ndouble_share = 2", "labelling: double_share is 2: it must be 0"),
        ('annotator = "ana"', "[train_on]\nannotators = []", "train_on: annotators is empty, so that nothing would"),
        ('annotator = "ana"', "[train_on]\nreviews = ['x']", "train_on.reviews 1 is 'x', but must be one of"),
        ('name = "cortex"', "name = ", "is not TOML"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if new.startswith(
        ("[server]", "[keys]", "[[", "[labelling]", "[train_on]")
    ):  # a section must follow the keys of the top
        text = GOOD.replace(old, "", 1) + new
    if new.startswith("table ="):
        text = new + "\n" + GOOD.replace(old, "", 1)
    with pytest.raises(ProjectError) as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)
    assert "project.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "`" not in str(caught.value)


def test_a_task_needs_two_classes_and_no_more_than_the_overlay_can_show(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("[[task]]")] + '[[task]]\nname = "t"\nunit = "node"\n'
    keys = [key for key in "0123456789abcdefghijklmnopqrstuvwxyz" if key not in FIXED_KEYS]
    classes = [f'[[task.class]]\nname = "c{key}"\ncolor = "#000000"\nkey = "{key}"\n' for key in keys]
    named = ("left", "right", "up", "down", "enter", "comma", "period", "semicolon", "v", "w", "x", *["none"] * 30)
    names = [line.split(" = ") for line in describe(load(tmp_path, GOOD)).splitlines() if line.startswith("keys.")]
    elsewhere = "[keys]\n" + "".join(f'{name[5:]} = "{key}"\n' for (name, _), key in zip(names, named, strict=False))
    full = load(tmp_path, head + "".join(classes[:31]) + elsewhere)
    assert len(full.tasks[0].classes) == 31
    for count in (1, 32):
        with pytest.raises(ProjectError, match=f"task 1: the task has {count} classes: it needs 2 to 31"):
            load(tmp_path, head + "".join(classes[:count]))


def test_keys_are_as_usual_but_for_those_that_the_file_names(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).keys == USUAL_KEYS
    keys = load(tmp_path, GOOD + '[keys]\nskip = "k"\nback = "minus"\n').keys
    assert (keys.skip, keys.back, keys.queue) == ("k", "minus", USUAL_KEYS.queue)


def test_commands_may_go_without_a_key_which_is_free_for_a_class_then(tmp_path: Path) -> None:
    keys = load(tmp_path, GOOD.replace('key = "1"', 'key = "q"') + '[keys]\nqueue = "none"\nskip = "none"\n').keys
    assert (keys.queue, keys.skip) == ("none", "none")


def test_classes_without_a_colour_get_ones_that_every_reader_can_tell_apart(tmp_path: Path) -> None:
    text = GOOD.replace('color = "#10b981"\n', "").replace('color = "#8b5cf6"', f'color = "{PALETTE[0]}"')
    assert [spec.color for spec in load(tmp_path, text).tasks[1].classes] == [PALETTE[1], PALETTE[0]]
    many = GOOD[: GOOD.index("[[task]]")] + '[[task]]\nname = "t"\nunit = "node"\n'
    many += "".join(f'[[task.class]]\nname = "c{key}"\nkey = "{key}"\n' for key in "0123456789acdeijkrt")
    colors = [spec.color for spec in load(tmp_path, many).tasks[0].classes]
    assert colors[:9] == list(PALETTE)
    assert len(set(colors)) == 19


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no project file"):
        load_project(tmp_path / "nowhere.toml")
    with pytest.raises(ProjectError, match="cannot be read"):
        load_project(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ProjectError, match="is not TOML"):
        load_project(tmp_path / "latin.toml")
