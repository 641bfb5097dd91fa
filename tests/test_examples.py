"""The examples in the docstrings of `nin_lib`: they come out as they say."""

import doctest
import importlib

import pytest

MODULES = ("injection", "probe", "curvature", "decay", "training", "history", "sweep", "data", "networks")


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", MODULES)
def test_examples_come_out_as_they_say(name):
    found = doctest.testmod(importlib.import_module(f"nin_lib.{name}"))
    assert found.attempted > 0 and found.failed == 0
