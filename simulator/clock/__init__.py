"""simulator/clock"""
