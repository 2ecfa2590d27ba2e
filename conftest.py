"""Plugins of the whole test suite (pytest wants them named in the root conftest)."""

pytest_plugins = ("tests.ci_no_skips", "tests.suites")
