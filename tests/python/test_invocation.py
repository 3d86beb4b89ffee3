"""Service invocation through the SDK and over HTTP, between two sidecars."""

import threading

import pytest
from conftest import eventually, free_port
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse


@pytest.fixture
def pair(machine):
    app = FastAPI()

    @app.api_route('/echo/{rest:path}', methods=['GET', 'POST', 'PUT', 'DELETE'])
    async def echo(rest: str, request: Request):
        body = await request.body()
        return Response(
            body or rest.encode(), status_code=int(request.query_params.get('status', 200)),
            headers={
                'x-verb': request.method, 'x-caller': request.headers.get('dapr-caller-app-id', ''),
                'x-custom': request.headers.get('x-custom', ''),
            })

    @app.get('/large')
    def large():
        return StreamingResponse((b'x' * 65536 for _ in range(160)), media_type='application/octet-stream')

    callee = machine.sidecar('callee', app_port=machine.asgi(app))
    caller = machine.sidecar('caller')
    return caller, callee


def test_the_sdk_invokes_over_http(pair):
    caller, _ = pair
    with caller.client() as client:
        answer = client.invoke_method('callee', 'echo/x', data=b'hello', http_verb='POST')
    assert answer.data == b'hello'
    assert (answer.headers['x-verb'], answer.headers['x-caller']) == (['POST'], ['caller'])


def test_status_headers_and_query_pass_both_ways(pair):
    caller, _ = pair
    answer = caller.http('PUT', '/v1.0/invoke/callee/method/echo/a?status=418', b'tea', {'x-custom': 'yes'})
    assert (answer.status, answer.body, answer.headers['x-custom'], answer.headers['x-verb']) == (
        418, b'tea', 'yes', 'PUT')


def test_the_target_may_stand_in_a_header(pair):
    caller, _ = pair
    assert caller.http('GET', '/echo/b', headers={'dapr-app-id': 'callee'}).body == b'b'


def test_a_large_answer_streams(pair):
    caller, _ = pair
    answer = caller.http('GET', '/v1.0/invoke/callee/method/large')
    assert len(answer.body) == 160 * 65536


def test_an_unknown_app_is_an_error(pair):
    caller, _ = pair
    answer = caller.http('GET', '/v1.0/invoke/nobody/method/x')
    assert (answer.status, answer.json()['errorCode']) == (500, 'ERR_DIRECT_INVOKE')


def test_an_unknown_path_is_no_fake_success(pair):
    caller, _ = pair
    answer = caller.http('GET', '/no/such/route')
    assert (answer.status, answer.json()['errorCode']) == (404, 'ERR_DIRECT_INVOKE')


def test_a_sidecar_calls_its_own_app(pair):
    _, callee = pair
    assert callee.http('GET', '/v1.0/invoke/callee/method/echo/self').body == b'self'


def test_a_grpc_app_is_invoked_and_proxied_to(machine):
    import grpc
    from dapr.clients.grpc._response import InvokeMethodResponse
    from dapr.ext.grpc import App, InvokeMethodRequest
    from dapr.proto.runtime.v1 import appcallback_pb2_grpc
    from google.protobuf import empty_pb2

    app = App()

    @app.method(name='greet')
    def greet(request: InvokeMethodRequest) -> InvokeMethodResponse:
        return InvokeMethodResponse(b'hello ' + request.data, 'text/plain')

    port = free_port()
    threading.Thread(target=app.run, args=(port,), kwargs={'listen_address': '127.0.0.1'}, daemon=True).start()
    machine.cleanup.callback(app.stop)
    machine.sidecar('greeter', app_port=port, protocol='grpc')
    caller = machine.sidecar('caller')
    with caller.client() as client:
        from dapr.clients.grpc.client import DaprGrpcClient

        answer = DaprGrpcClient.invoke_method(client, 'greeter', 'greet', data=b'you', content_type='text/plain')
        assert answer.data == b'hello you'
    # Any service of the app can be called through the sidecars: here the app's own callback service.
    with grpc.insecure_channel(caller.grpc) as channel:
        stub = appcallback_pb2_grpc.AppCallbackStub(channel)
        listed = stub.ListTopicSubscriptions(empty_pb2.Empty(), metadata=(('dapr-app-id', 'greeter'),), timeout=10)
        assert list(listed.subscriptions) == []


def test_a_sidecar_that_goes_away_is_found_again(machine):
    app = FastAPI()

    @app.get('/ping')
    def ping():
        return 'pong'

    port = machine.asgi(app)
    first = machine.sidecar('callee', app_port=port)
    caller = machine.sidecar('caller')
    assert caller.http('GET', '/v1.0/invoke/callee/method/ping').status == 200
    assert first.stop() == 0
    machine.sidecar('callee', app_port=port)
    eventually('the new sidecar', lambda: caller.http('GET', '/v1.0/invoke/callee/method/ping').status == 200)
