"""The interactive pictures: one Python module with its plain JavaScript beside it."""
