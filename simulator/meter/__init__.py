"""simulator/meter"""
