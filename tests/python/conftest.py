"""What the tests speak in: sidecars of the built binary, applications beside them, all on free loopback ports."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pytest

# The SDK reads its settings when it is imported: nothing of the surroundings may decide how it reaches a sidecar.
for name in [name for name in os.environ if name.startswith(('DAPR_', 'APP_'))]:
    del os.environ[name]

from dapr.clients import DaprClient
from dapr.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


def binary() -> Path:
    """The binary under test: TENDER_BIN, or what `cargo build` left."""
    given = os.environ.get('TENDER_BIN')
    path = Path(given) if given else Path(os.environ.get('CARGO_TARGET_DIR', ROOT / 'target')) / 'debug' / 'tender'
    assert path.exists(), f'{path} is missing: run `cargo build -p tender`, or set TENDER_BIN'
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def eventually(what: str, attempt, patience: float = PATIENCE):
    """Repeats `attempt` until it gives something true."""
    deadline = time.monotonic() + patience
    while True:
        error = None
        try:
            result = attempt()
            if result:
                return result
        except (AssertionError, OSError) as caught:
            error = caught
        if time.monotonic() > deadline:
            raise AssertionError(f'waited {patience} s for {what}') from error
        time.sleep(0.02)


@dataclass
class Answer:
    status: int
    headers: Message  # without regard to case
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(method: str, url: str, body=None, headers: dict | None = None) -> Answer:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {'Content-Type': 'application/json', **(headers or {})}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers, method=method), timeout=10
        ) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as answer:
        return Answer(answer.code, answer.headers, answer.read())


@dataclass
class Sidecar:
    """A running sidecar."""

    app_id: str
    process: subprocess.Popen
    http_port: int
    grpc_port: int
    metrics_port: int
    log: Path

    @property
    def grpc(self) -> str:
        return f'127.0.0.1:{self.grpc_port}'

    def client(self) -> DaprClient:
        """The SDK's client. The SDK asks the HTTP port of its settings whether the sidecar is ready."""
        settings.DAPR_HTTP_PORT, settings.DAPR_GRPC_PORT = self.http_port, self.grpc_port
        settings.DAPR_HTTP_ENDPOINT = None
        return DaprClient(self.grpc)

    def http(self, method: str, path: str, body=None, headers: dict | None = None) -> Answer:
        return request(method, f'http://127.0.0.1:{self.http_port}{path}', body, headers)

    def lines(self) -> str:
        return self.log.read_text()

    def wait_ready(self, path: str = '/v1.0/healthz') -> 'Sidecar':
        def ready():
            assert self.process.poll() is None, f'the sidecar of {self.app_id} has ended:\n{self.lines()}'
            return self.http('GET', path).status == 204

        eventually(f'the sidecar of {self.app_id}', ready)
        return self

    def stop(self) -> int:
        """Ends it as a supervisor does, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


@dataclass
class Machine:
    """Starts things in a folder of its own and ends them all."""

    folder: Path
    sidecars: list[Sidecar] = field(default_factory=list)
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def resources(self, *documents: str, name: str = 'resources') -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for index, document in enumerate(documents):
            (folder / f'{index}.yaml').write_text(textwrap.dedent(document))
        return folder

    def sidecar(
        self,
        app_id: str,
        *,
        resources: Path | None = None,
        app_port: int | None = None,
        protocol: str = 'http',
        flags: tuple[str, ...] = (),
        environment: dict | None = None,
        ready: bool = True,
    ) -> Sidecar:
        http_port, grpc_port, metrics_port = free_port(), free_port(), free_port()
        command = [
            str(binary()), 'sidecar', '--app-id', app_id,
            '--dapr-http-port', str(http_port), '--dapr-grpc-port', str(grpc_port),
            '--dapr-internal-grpc-port', str(free_port()),
            '--dapr-listen-addresses', '127.0.0.1', '--dapr-internal-grpc-listen-address', '127.0.0.1',
            '--metrics-port', str(metrics_port), '--metrics-listen-address', '127.0.0.1',
            '--log-level', 'debug',
        ]
        config = self.folder / 'config.yaml'
        if not config.exists():
            config.write_text(textwrap.dedent(f"""\
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata:
                  name: test
                spec:
                  nameResolution:
                    component: sqlite
                    version: v1
                    configuration:
                      connectionString: {self.folder / 'names.db'}
                """))
        command += ['--config', str(config)]
        if resources is not None:
            command += ['--resources-path', str(resources)]
        if app_port is not None:
            command += ['--app-port', str(app_port), '--app-protocol', protocol]
        log = self.folder / f'{app_id}.{len(self.sidecars)}.log'
        with log.open('w') as out:
            process = subprocess.Popen(
                command + list(flags), stdout=out, stderr=subprocess.STDOUT,
                env={'DAPR_HOST_IP': '127.0.0.1', **(environment or {})},
            )
        sidecar = Sidecar(app_id, process, http_port, grpc_port, metrics_port, log)
        self.sidecars.append(sidecar)
        return sidecar.wait_ready() if ready else sidecar

    def asgi(self, app) -> int:
        """Serves an ASGI application on a thread, and gives its port."""
        import uvicorn

        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, host='127.0.0.1', port=port, log_level='warning'))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        eventually('the application', lambda: server.started)

        def stop():
            server.should_exit = True
            thread.join(PATIENCE)

        self.cleanup.callback(stop)
        return port

    def wsgi(self, app) -> int:
        """Serves a WSGI application on a thread, and gives its port."""
        from werkzeug.serving import make_server

        server = make_server('127.0.0.1', 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.cleanup.callback(server.shutdown)
        return server.server_port

    def close(self) -> None:
        for sidecar in reversed(self.sidecars):
            if sidecar.process.poll() is None:
                sidecar.process.send_signal(signal.SIGTERM)
        for sidecar in self.sidecars:
            try:
                sidecar.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                sidecar.kill()
                raise
        self.cleanup.close()


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    try:
        yield machine
    finally:
        machine.close()
        report = sys.stderr
        for sidecar in machine.sidecars:
            print(f'--- sidecar of {sidecar.app_id}\n{sidecar.lines()[-6000:]}', file=report)


STATE_IN_MEMORY = """\
    apiVersion: dapr.io/v1alpha1
    kind: Component
    metadata:
      name: statestore
    spec:
      type: state.in-memory
      version: v1
    """

PUBSUB_IN_MEMORY = """\
    apiVersion: dapr.io/v1alpha1
    kind: Component
    metadata:
      name: pubsub
    spec:
      type: pubsub.in-memory
      version: v1
    """


def sqlite(kind: str, name: str, path: Path, metadata: str = '') -> str:
    """A component of the kind (`state` or `pubsub`) on the SQLite file `path`."""
    document = f"""\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec:
  type: {kind}.sqlite
  version: v1
  metadata:
    - name: connectionString
      value: {path}
{metadata}"""
    return document
