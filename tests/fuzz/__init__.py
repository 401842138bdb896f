"""Fuzz targets, and what was found with them."""
