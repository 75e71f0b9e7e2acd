"""Where the columns of embedding tables lie: in files of a folder, or behind an address."""
