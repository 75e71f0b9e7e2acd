"""How good a head is, how far its labels can be trusted, and whether more of them would help: figures for a panel."""
