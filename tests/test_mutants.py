"""The changes of `make mutants` fit the code that stands."""

import mutants
import pytest

pytestmark = pytest.mark.checkout
MUTANTS = mutants.read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.why}")
def test_the_text_that_changes_occurs_exactly_once(mutant):
    assert mutant.applied() != (mutants.ROOT / mutant.file).read_text(encoding="utf-8")


def test_a_mutant_is_killed_or_survives_or_says_what_is_wrong_with_it(tmp_path):
    code = "def double(x):\n    return 2 * x\n"
    (tmp_path / "doubling.py").write_text(code, encoding="utf-8")
    test = "from doubling import double\n\ndef test_double():\n    assert double(3) == 6\n"
    (tmp_path / "test_doubling.py").write_text(test, encoding="utf-8")

    def outcome(find, replace, tests="test_doubling.py"):
        return mutants.outcome(mutants.Mutant("doubling.py", find, replace, "", tests), tmp_path)

    assert outcome("2 * x", "3 * x") == "killed"
    assert outcome("2 * x", "x + x") == "SURVIVES"
    for wrong, message in [
        (("2 * x", "("), "ended with exit status"),
        (("2 * x", "3 * x", "test_doubling.py -k nothing"), "ended with exit status 5"),
        (
            ("x", "y"),
            r"find must occur exactly once in doubling.py, got 2 times 'x': adapt tests/mutants.yml",
        ),
    ]:
        with pytest.raises(mutants.MutantError, match=message):
            outcome(*wrong)
    assert (tmp_path / "doubling.py").read_text(encoding="utf-8") == code
