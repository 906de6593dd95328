//! What watches the lines: the layer that reads them back, the counters, and the capture for tests.
