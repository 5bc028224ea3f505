"""simulator/cli"""
