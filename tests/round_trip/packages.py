"""The Python packages of the round trips; a test without them skips by name.

Import this before torch: it keeps the libraries offline and to two threads.
"""

import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # SKIP_RETURN_CODE of the test list

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  HF_HUB_DISABLE_PROGRESS_BARS="1", OMP_NUM_THREADS="2",
                  HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_UPDATE_CHECK="1",
                  TOKENIZERS_PARALLELISM="false")
sys.dont_write_bytecode = True
sys.warnoptions.append("ignore")  # else unittest shows the libraries' own
warnings.simplefilter("ignore")
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


try:
    import torch
    import transformers
except Exception as error:  # a torch without its libraries raises anything
    skip(f"no Python environment: scripts/setup --python ({error})")

torch.set_num_threads(2)
torch.set_grad_enabled(False)
transformers.utils.logging.disable_progress_bar()
