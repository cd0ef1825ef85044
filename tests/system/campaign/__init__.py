"""Hundreds of faults in one run, drawn from a seed, and the questions that must have the right answer afterwards:
is anything lost, is anything false?"""
