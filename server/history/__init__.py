"""Time series behind one small port: influx and embedded, both held to one contract suite."""
