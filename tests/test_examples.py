"""The examples in the docstrings of `nin_lib`: they come out as they say."""

import doctest
import importlib
import re

import pytest
from conftest import ROOT

MODULES = ("injection", "probe", "curvature", "decay", "training", "history", "sweep", "data", "networks")
REFERENCE = (ROOT / "book/api.rst").read_text(encoding="utf-8")


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", MODULES)
def test_examples_come_out_as_they_say(name):
    found = doctest.testmod(importlib.import_module(f"nin_lib.{name}"))
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize("entry", re.findall(r"^\.\. auto\w+:: (\S+)$", REFERENCE, re.MULTILINE))
def test_each_entry_of_the_reference_has_an_example_that_is_run(entry):
    module, name = entry.rsplit(".", 1)
    described = getattr(importlib.import_module(module), name)
    assert ">>> " in described.__doc__ and described.__module__.removeprefix("nin_lib.") in MODULES
