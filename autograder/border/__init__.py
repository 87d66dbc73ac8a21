"""What crosses between processes: values, many of them in a batch, and the frames that they are sent in."""
