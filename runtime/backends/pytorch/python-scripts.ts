/**
 * A Python program that says where PyTorch is and which, and does not import it, which takes seconds: `torch/version.py`
 * needs nothing else. What lies in the working folder does not count.
 */
export const lookScript = `
import importlib.util, json, os, runpy, sys
sys.path[:] = [each for each in sys.path if each]
found = {"python": sys.executable, "version": ".".join(map(str, sys.version_info[:3])), "torch": None, "cuda": None}
spec = importlib.util.find_spec("torch")
if spec is not None and spec.origin is not None:
    about = runpy.run_path(os.path.join(os.path.dirname(spec.origin), "version.py"))
    found.update(torch=str(about["__version__"]), cuda=about.get("cuda"))
print("\\nfound:" + json.dumps(found))
`;

/** A Python program that imports PyTorch, multiplies two matrices, and says what it could compute on. */
export const probeScript = `
import json, sys
sys.path[:] = [each for each in sys.path if each]
import torch
if float(torch.tensor([[1.0, 2.0]]) @ torch.tensor([[3.0], [4.0]])) != 11:
    raise RuntimeError("it multiplies wrongly")
if not torch.distributed.is_available():
    raise RuntimeError("it was built without torch.distributed")
devices = [torch.cuda.get_device_name(each) for each in range(torch.cuda.device_count())]
if devices and float(torch.ones(2, 2, device="cuda").sum()) != 4:
    raise RuntimeError("it adds wrongly on " + devices[0])
print("\\nfound:" + json.dumps({"devices": devices}))
`;
