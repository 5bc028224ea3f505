"""The set ``lv_area_week``: an area of single-phase meters and a four-wire feeder, each with labelled faults."""
