"""Publishing and subscribing through the Python SDKs: FastAPI, Flask, gRPC, and streams."""

import json
import queue
import threading

import pytest
from conftest import PUBSUB_IN_MEMORY, eventually, free_port, sqlite
from dapr.clients.grpc._response import TopicEventResponse
from dapr.ext.fastapi import DaprApp
from fastapi import Body, FastAPI, Request, Response


def publish(sidecar, data, topic='orders', **metadata):
    with sidecar.client() as client:
        client.publish_event('pubsub', topic, json.dumps(data), data_content_type='application/json',
                             publish_metadata=metadata)


def test_a_fastapi_app_gets_cloudevents(machine):
    events = queue.Queue()
    app = FastAPI()
    subscriptions = DaprApp(app)

    @subscriptions.subscribe(pubsub='pubsub', topic='orders')
    def order(event: dict = Body()):
        events.put(event)
        return {'status': 'SUCCESS'}

    sidecar = machine.sidecar('orders', resources=machine.resources(PUBSUB_IN_MEMORY), app_port=machine.asgi(app))
    publish(sidecar, {'id': 1})
    event = events.get(timeout=10)
    assert event['data'] == {'id': 1}
    assert (event['source'], event['topic'], event['pubsubname'], event['type'], event['specversion']) == (
        'orders', 'orders', 'pubsub', 'com.dapr.event.sent', '1.0')
    assert event['datacontenttype'] == 'application/json' and event['id']


def test_a_flask_app_gets_cloudevents(machine):
    from flask import Flask, request
    from flask_dapr import DaprApp as FlaskDaprApp

    events = queue.Queue()
    app = Flask('orders')
    subscriptions = FlaskDaprApp(app)

    @subscriptions.subscribe(pubsub='pubsub', topic='orders')
    def order():
        events.put(request.get_json(force=True))
        return {'status': 'SUCCESS'}, 200

    sidecar = machine.sidecar('orders', resources=machine.resources(PUBSUB_IN_MEMORY), app_port=machine.wsgi(app))
    publish(sidecar, 'text')
    assert events.get(timeout=10)['data'] == 'text'


def test_a_grpc_app_gets_events(machine):
    from cloudevents.sdk.event import v1
    from dapr.ext.grpc import App

    events = queue.Queue()
    app = App()

    @app.subscribe(pubsub_name='pubsub', topic='orders')
    def order(event: v1.Event):
        events.put(event)
        return TopicEventResponse('success')

    port = free_port()
    threading.Thread(target=app.run, args=(port,), kwargs={'listen_address': '127.0.0.1'}, daemon=True).start()
    machine.cleanup.callback(app.stop)
    sidecar = machine.sidecar(
        'orders', resources=machine.resources(PUBSUB_IN_MEMORY), app_port=port, protocol='grpc')
    publish(sidecar, {'id': 2})
    event = events.get(timeout=10)
    assert json.loads(event.Data()) == {'id': 2}
    assert event.Source() == 'orders'


def test_a_stream_gets_events_and_settles_them(machine):
    sidecar = machine.sidecar('orders', resources=machine.resources(PUBSUB_IN_MEMORY))
    with sidecar.client() as client:
        subscription = client.subscribe(pubsub_name='pubsub', topic='orders')
        try:
            for i in range(3):
                publish(sidecar, {'id': i})
            received = []
            for _ in range(3):
                message = subscription.next_message()
                received.append(message.data()['id'])
                subscription.respond_success(message)
        finally:
            subscription.close()
    assert sorted(received) == [0, 1, 2]
    listed = sidecar.http('GET', '/v1.0/metadata').json()
    assert all(entry['type'] == 'STREAMING' for entry in listed.get('subscriptions', []))


@pytest.fixture
def routed(machine):
    """An app behind a declarative subscription with routes and a dead-letter topic; its paths collect what they get."""
    events: dict[str, queue.Queue] = {path: queue.Queue() for path in ('big', 'small', 'dead', 'raw')}
    answers: dict[str, Response] = {}
    app = FastAPI()

    @app.post('/{path}')
    async def take(path: str, request: Request):
        events[path].put(await request.json())
        return answers.get(path, Response(status_code=200))

    resources = machine.resources(
        PUBSUB_IN_MEMORY,
        """\
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata:
          name: orders
        spec:
          pubsubname: pubsub
          topic: orders
          routes:
            rules:
              - match: event.data.quantity > 10
                path: /big
            default: /small
          deadLetterTopic: dead
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Subscription
        metadata:
          name: dead
        spec:
          pubsubname: pubsub
          topic: dead
          route: /dead
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Subscription
        metadata:
          name: raw
        spec:
          pubsubname: pubsub
          topic: raw
          route: /raw
          metadata:
            rawPayload: "true"
        """)
    sidecar = machine.sidecar('orders', resources=resources, app_port=machine.asgi(app))
    return sidecar, events, answers


def test_rules_choose_the_route(routed):
    sidecar, events, _ = routed
    publish(sidecar, {'quantity': 11})
    publish(sidecar, {'quantity': 1})
    assert events['big'].get(timeout=10)['data'] == {'quantity': 11}
    assert events['small'].get(timeout=10)['data'] == {'quantity': 1}


def test_a_dropped_message_goes_to_the_dead_letter_topic(routed):
    sidecar, events, answers = routed
    answers['small'] = Response('{"status": "DROP"}', media_type='application/json')
    publish(sidecar, {'quantity': 2})
    assert events['dead'].get(timeout=10)['data'] == {'quantity': 2}


def test_a_raw_payload_arrives_as_base64(routed):
    sidecar, events, _ = routed
    publish(sidecar, {'quantity': 3}, topic='raw', rawPayload='true')
    event = events['raw'].get(timeout=10)
    assert event['data_base64'] == 'eyJxdWFudGl0eSI6IDN9'
    assert event['datacontenttype'] == 'application/octet-stream'


def test_publishing_to_nowhere_is_refused(routed):
    sidecar, _, _ = routed
    answer = sidecar.http('POST', '/v1.0/publish/nowhere/orders', {'id': 1})
    assert (answer.status, answer.json()['errorCode']) == (404, 'ERR_PUBSUB_NOT_FOUND')


def test_bulk_publish_delivers_each_entry(routed):
    sidecar, events, _ = routed
    entries = [
        {'entryId': str(i), 'event': {'quantity': i}, 'contentType': 'application/json'} for i in (1, 2, 3)
    ]
    assert sidecar.http('POST', '/v1.0/publish/bulk/pubsub/orders', entries).status == 204
    assert sorted(events['small'].get(timeout=10)['data']['quantity'] for _ in entries) == [1, 2, 3]


def test_a_durable_message_survives_sigkill_of_the_sidecar(machine):
    """The app fails until the sidecar is killed; the next sidecar delivers what was acknowledged to the publisher."""
    got, failing = queue.Queue(), threading.Event()
    failing.set()
    app = FastAPI()
    subscriptions = DaprApp(app)

    @subscriptions.subscribe(pubsub='pubsub', topic='orders')
    def order(event: dict = Body()):
        if failing.is_set():
            return {'status': 'RETRY'}
        got.put(event['data']['id'])
        return {'status': 'SUCCESS'}

    resources = machine.resources(sqlite(
        'pubsub', 'pubsub', machine.folder / 'broker.db',
        '    - name: redeliveryDelay\n      value: 100ms\n    - name: leaseDuration\n      value: 1s\n'))
    port = machine.asgi(app)
    first = machine.sidecar('orders', resources=resources, app_port=port)
    eventually('the subscription', lambda: first.http('GET', '/v1.0/metadata').json().get('subscriptions'))
    for i in range(10):
        publish(first, {'id': i})
    first.kill()
    failing.clear()
    machine.sidecar('orders', resources=resources, app_port=port)
    received = set()
    while received != set(range(10)):
        received.add(got.get(timeout=15))
