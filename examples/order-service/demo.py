"""Runs the order service on embedded defaults until orders flow, shows what happened, and stops it.

    python3 demo.py PATH_OF_TENDER [--keep]

With --keep it goes on until Ctrl-C.
"""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORDERS = 'http://127.0.0.1:7001'
PATIENCE = 60.0


def call(method: str, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ORDERS + path, data, {'Content-Type': 'application/json'}, method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def show(method: str, path: str, body: dict | None = None) -> dict:
    answer = call(method, path, body)
    sent = '' if body is None else ' ' + json.dumps(body)
    print(f'   {method} {path}{sent}\n   -> {json.dumps(answer)}', flush=True)
    return answer


def until(what: str, running: subprocess.Popen, attempt):
    """Repeats `attempt` until it gives something true; ends the demo if that takes too long or the run has ended."""
    started = time.monotonic()
    while True:
        if running.poll() is not None:
            raise SystemExit(f'FAILED: tender run ended with code {running.returncode} while waiting for {what}')
        try:
            result = attempt()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            result = None
        if result:
            return result
        if time.monotonic() - started > PATIENCE:
            raise SystemExit(f'FAILED: waited {PATIENCE:.0f} s for {what}')
        time.sleep(0.02)


def flow(running: subprocess.Popen) -> None:
    before = until('the applications', running, lambda: call('GET', '/tally'))
    print('\n== Orders are saved through the state API and published:', flush=True)
    placed = [
        show('POST', '/orders', {'item': item, 'quantity': quantity})
        for item, quantity in [('anchor', 1), ('rope', 20), ('rope', 5)]
    ]
    print('\n== An order is read back from the state store:', flush=True)
    read = show('GET', f'/orders/{placed[0]["id"]}')
    assert read == placed[0], f'read {read}, but {placed[0]} was saved'
    print('\n== The other application has heard of them; it is asked through service invocation:', flush=True)
    expected = before['orders'] + len(placed)
    until('all orders in the tally', running, lambda: call('GET', '/tally')['orders'] >= expected)
    counted = show('GET', '/tally')
    assert counted['orders'] == expected, f'{counted["orders"]} orders are in the tally, but {expected} were placed'


def main() -> int:
    tender, keep = sys.argv[1], '--keep' in sys.argv[2:]
    started = time.monotonic()
    running = subprocess.Popen([tender, 'run', '-f', str(HERE / 'dapr.yaml')])
    try:
        flow(running)
        print(f'\nOK: orders flow. {time.monotonic() - started:.1f} s from start to the last answer.', flush=True)
        if keep:
            print('It goes on until Ctrl-C.', flush=True)
            running.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            print('FAILED: tender run did not stop within 20 s', flush=True)
            return 1
    return running.returncode


if __name__ == '__main__':
    sys.exit(main())
