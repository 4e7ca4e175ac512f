"""AIGC Course: how generative AI works, seen and measured on real small models."""

__version__ = "0.1.0"
