"""The to-do example on a real server, under load and under fire: ``make load``."""
