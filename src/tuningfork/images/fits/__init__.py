"""FITS: from a file's bytes to a picture of the galaxy in it, framed as Galaxy Zoo framed it."""

from tuningfork.images.fits.reading import is_fits, read_fits

__all__ = ["is_fits", "read_fits"]
