"""Tables in and out as files of other programs: Parquet, Arrow, CSV."""
