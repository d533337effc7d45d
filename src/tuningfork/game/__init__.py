"""The game: a person against the machine, ten galaxies a round, in any browser."""
