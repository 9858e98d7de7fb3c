"""Every figure of the book: arrays in, axes out.

The functions know nothing of models or data sets, never call `show`, and draw into `ax` where one
is given. A figure of one chapter is in the module of that chapter, what several share is in
`common`, and the style of them all in `style`.
"""

from mnist_lib.plots.architecture import (
    show_dots,
    show_fit,
    show_journey,
    show_network,
    show_share,
)
from mnist_lib.plots.backward import (
    show_equation,
    show_errors,
    show_passes,
    show_slope,
    show_terms,
)
from mnist_lib.plots.common import (
    show_arms,
    show_curves,
    show_digits,
    show_kernels,
    show_maps,
    show_probabilities,
)
from mnist_lib.plots.convolution import (
    show_fields,
    show_filters,
    show_matrix,
    show_pooling,
    show_unseen,
    show_window,
)
from mnist_lib.plots.flatten import (
    show_blocks,
    show_flat,
    show_flattening,
    show_sliding,
)
from mnist_lib.plots.inside import show_costs, show_evidence, show_features
from mnist_lib.plots.relu import (
    show_cut,
    show_lines,
    show_pieces,
    show_zeros,
)
from mnist_lib.plots.saving import (
    show_bits,
    show_file_map,
    show_going_on,
    show_step_sizes,
)
from mnist_lib.plots.softmax import (
    show_answers,
    show_losses,
    show_reliability,
    show_shares,
    show_steps,
)
from mnist_lib.plots.training import (
    show_confusion,
    show_descent,
    show_loss,
    show_path,
    show_runs,
    show_sweep,
)
from mnist_lib.plots.your_digit import (
    show_compared,
    show_counts,
    show_pictures,
    show_rows,
)

__all__ = [
    "show_answers",
    "show_arms",
    "show_bits",
    "show_blocks",
    "show_compared",
    "show_confusion",
    "show_costs",
    "show_counts",
    "show_curves",
    "show_cut",
    "show_descent",
    "show_digits",
    "show_dots",
    "show_equation",
    "show_errors",
    "show_evidence",
    "show_features",
    "show_fields",
    "show_file_map",
    "show_filters",
    "show_fit",
    "show_flat",
    "show_flattening",
    "show_going_on",
    "show_journey",
    "show_kernels",
    "show_lines",
    "show_loss",
    "show_losses",
    "show_maps",
    "show_matrix",
    "show_network",
    "show_passes",
    "show_path",
    "show_pictures",
    "show_pieces",
    "show_pooling",
    "show_probabilities",
    "show_reliability",
    "show_rows",
    "show_runs",
    "show_share",
    "show_shares",
    "show_sliding",
    "show_slope",
    "show_step_sizes",
    "show_steps",
    "show_sweep",
    "show_terms",
    "show_unseen",
    "show_window",
    "show_zeros",
]
