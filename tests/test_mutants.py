"""The changes of `make mutants` fit the code that stands."""

import mutants
import pytest

pytestmark = pytest.mark.checkout
MUTANTS = mutants.read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.why}")
def test_the_text_that_changes_occurs_exactly_once(mutant):
    assert mutant.applied() != (mutants.ROOT / mutant.file).read_text(encoding="utf-8")
