"""The schedule function: the commands in a timer trigger's payload, anchored at the time of the trigger."""
