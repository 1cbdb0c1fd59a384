"""lifeboat beside restic and borg: corpora, contenders, measuring, tables. Used by Tests/Benchmarks/run and series."""
