"""An SLS that answers after a set time and next to no work, in a process of its own: what is measured is the caller."""
