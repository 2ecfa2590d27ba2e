"""The sample: a seeded, SYNTHETIC bill of two payers, to try finlake on. See organisation.yml."""
