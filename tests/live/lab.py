"""JupyterLab with its own kernel, used in the browser as a reader uses it."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

TOKEN = secrets.token_hex()
COMMAND = [
    *(sys.executable, "-m", "jupyterlab", "--no-browser"),
    "--expose-app-in-browser",  # as window.jupyterapp
    f"--IdentityProvider.token={TOKEN}",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",  # the system picks one, and a file in the runtime folder records it
    "--ServerApp.allow_root=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
DISABLED = [
    "@jupyterlab/apputils-extension:announcements",  # asks whether to show news
    "@jupyterlab/debugger-extension",  # logs an error where a page is closed soon
]
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # every cell is laid out
}
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}


@contextmanager
def serving(folder):
    """Serve `folder`/work without any of the user's own settings; yield the address."""
    config = folder / "config" / "labconfig"
    config.mkdir(parents=True)
    disabled = {"disabledExtensions": dict.fromkeys(DISABLED, True)}
    (config / "page_config.json").write_text(json.dumps(disabled))
    (config / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    ours = ("JUPYTER", "JPY_", "MNIST_BOOK")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment |= {name: str(folder / place) for name, place in FOLDERS.items()}
    environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, f"--ServerApp.root_dir={folder / 'work'}"],
            cwd=folder / "work",
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield address(process, folder / "runtime", log)
    finally:
        stop(process)


def address(process, runtime, log, patience=120):
    """The server's address, once it answers; the end of its log if it does not."""
    information = runtime / f"jpserver-{process.pid}.json"
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        try:
            url = json.loads(information.read_text())["url"].replace("localhost", "127.0.0.1")
            with urllib.request.urlopen(f"{url}api/status?token={TOKEN}", timeout=5):
                return url
        except (OSError, ValueError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer:\n{log.read_text()[-3000:]}")


def stop(process):
    """End the server, which then ends its kernels."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# A dead kernel never answers, and `evaluate` has no timeout.
WITHIN = """([argument, ms]) => Promise.race([
  (%s)(argument),
  new Promise((_, no) => setTimeout(() => no(new Error(`no answer in ${ms} ms`)), ms)),
])"""

READY = """async (path) => {
  await jupyterapp.restored;
  const find = () => [...jupyterapp.shell.widgets("main")].find((w) => w.context?.path === path);
  const panel = find() ?? (await jupyterapp.commands.execute("docmanager:open", { path }));
  await panel.context.ready;
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  jupyterapp.shell.activateById(panel.id);
  globalThis.panel = panel; }"""

COMMAND_ON_CELL = """async ([command, index]) => {
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  await jupyterapp.commands.execute(command);
  return panel.model.cells.get(index).sharedModel.toJSON().outputs; }"""

EXECUTE = """async (code) => {
  const options = { code, store_history: false, stop_on_error: false };
  const future = panel.sessionContext.session.kernel.requestExecute(options);
  const result = { text: "", error: null };
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") result.text += content.text;
    if (header.msg_type === "error") result.error = content.traceback.join("\\n");
  };
  await future.done;
  return result; }"""


class Notebook:
    """A notebook that is open in JupyterLab, with its kernel."""

    def __init__(self, tab, url, path):
        self.tab = tab
        tab.goto(f"{url}doc/tree/{path}?reset&token={TOKEN}", wait_until="load")
        tab.wait_for_function("() => window.jupyterapp?.restored", timeout=60_000)
        self.ask(READY, path)

    def ask(self, script, argument=None, patience=60):
        """Call a JavaScript function, which must answer within `patience` seconds."""
        return self.tab.evaluate(WITHIN % script, [argument, 1000 * patience])

    def run(self, index):
        """Run a cell, and wait until the kernel is done with it."""
        outputs = self.ask(COMMAND_ON_CELL, ["notebook:run-cell", index])
        errors = ["\n".join(o["traceback"]) for o in outputs if o["output_type"] == "error"]
        assert not errors, errors[0]

    def clear(self, index):
        """Clear the output of a cell: its view is closed."""
        self.ask(COMMAND_ON_CELL, ["notebook:clear-cell-output", index])

    def view(self, index):
        """The live network below a cell."""
        cell = f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]'
        return self.tab.locator(f"{cell} .explorer-live")

    def execute(self, code):
        """Run code in the kernel without a cell; return what it prints."""
        result = self.ask(EXECUTE, code)
        assert result["error"] is None, result["error"]
        return result["text"]

    def eventually(self, expression, wanted, patience=20):
        """Poll the kernel until `wanted(value)` holds: what a view sends arrives asynchronously."""
        end = time.monotonic() + patience
        code = f"import json; print(json.dumps({expression}))"
        while not wanted(value := json.loads(self.execute(code))):
            assert time.monotonic() < end, f"{expression} is still {value}"
            self.tab.wait_for_timeout(50)
        return value

    def close(self):
        """End the kernel, which would outlive the page."""
        self.ask("() => panel.sessionContext.shutdown()")
