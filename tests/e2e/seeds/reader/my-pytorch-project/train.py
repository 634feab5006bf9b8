# The document's lines.
import os

print("rank {} of {}".format(os.environ["OMPI_COMM_WORLD_RANK"], os.environ["OMPI_COMM_WORLD_SIZE"]))
