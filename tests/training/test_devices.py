from tfnlp.training import describe_device


def test_names_what_the_training_runs_on():
    device = describe_device()
    assert device.startswith(("CPU: ", "GPU: "))
    assert len(device) > len("CPU: , 2 cores")
