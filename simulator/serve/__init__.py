"""simulator/serve"""
