"""The checks of `finlake doctor`: each looks at one thing, changes nothing, says what to do."""
