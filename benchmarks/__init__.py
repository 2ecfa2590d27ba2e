"""How long finlake takes beside scripts that do the same work. Never a gate: `make bench`, docs/benchmarks.md."""
