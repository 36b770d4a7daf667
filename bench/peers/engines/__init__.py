"""The engines by name. Each is imported when it is asked for: they do not share a process."""

import importlib


class Engines:
    def __getitem__(self, name):
        return importlib.import_module(f"engines.{name}").Engine


ENGINES = Engines()
