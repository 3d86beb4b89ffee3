"""The state API through the Python SDK, over gRPC, and over plain HTTP."""

import pytest
from conftest import STATE_IN_MEMORY, eventually, sqlite
from dapr.clients.grpc._request import TransactionalStateOperation, TransactionOperationType
from dapr.clients.grpc._state import Concurrency, StateItem, StateOptions
from grpc import RpcError, StatusCode


@pytest.fixture(params=['in-memory', 'sqlite'])
def store(machine, request):
    document = STATE_IN_MEMORY if request.param == 'in-memory' else sqlite('state', 'statestore', machine.folder / 's.db')
    return machine.sidecar('orders', resources=machine.resources(document))


@pytest.fixture
def client(store):
    with store.client() as client:
        yield client


def test_what_is_saved_is_read_back(client):
    client.save_state('statestore', 'k', b'\x00binary\xff')
    found = client.get_state('statestore', 'k')
    assert (found.data, bool(found.etag)) == (b'\x00binary\xff', True)
    client.delete_state('statestore', 'k')
    assert client.get_state('statestore', 'k').data == b''


def test_an_etag_guards_a_write(client):
    client.save_state('statestore', 'k', 'one')
    etag = client.get_state('statestore', 'k').etag
    client.save_state('statestore', 'k', 'two', etag=etag)
    with pytest.raises(RpcError) as refused:
        client.save_state('statestore', 'k', 'three', etag=etag)
    assert refused.value.code() == StatusCode.ABORTED
    assert client.get_state('statestore', 'k').data == b'two'


def test_only_the_first_write_wins_when_asked_for(client):
    first_write = StateOptions(concurrency=Concurrency.first_write)
    client.save_state('statestore', 'k', 'one', options=first_write)
    with pytest.raises(RpcError):
        client.save_state('statestore', 'k', 'two', options=first_write)
    assert client.get_state('statestore', 'k').data == b'one'


def test_bulk_reads_and_writes(client):
    client.save_bulk_state('statestore', [StateItem(key=f'k{i}', value=f'v{i}') for i in range(5)])
    items = client.get_bulk_state('statestore', ['k1', 'k4', 'missing'], parallelism=2).items
    assert [(item.key, item.data) for item in items] == [('k1', b'v1'), ('k4', b'v4'), ('missing', b'')]


def test_a_transaction_takes_effect_as_a_whole(client):
    client.save_state('statestore', 'gone', 'x')
    client.execute_state_transaction('statestore', [
        TransactionalStateOperation(key='new', data='y', operation_type=TransactionOperationType.upsert),
        TransactionalStateOperation(key='gone', data='', operation_type=TransactionOperationType.delete),
    ])
    assert client.get_state('statestore', 'new').data == b'y'
    assert client.get_state('statestore', 'gone').data == b''
    with pytest.raises(RpcError):
        client.execute_state_transaction('statestore', [
            TransactionalStateOperation(key='half', data='z', operation_type=TransactionOperationType.upsert),
            TransactionalStateOperation(
                key='new', data='z', etag='123', operation_type=TransactionOperationType.upsert),
        ])
    assert client.get_state('statestore', 'half').data == b''


def test_a_value_expires(client, store):
    client.save_state('statestore', 'k', 'v', state_metadata={'ttlInSeconds': '1'})
    answer = store.http('GET', '/v1.0/state/statestore/k')
    assert answer.headers['metadata.ttlExpireTime']
    eventually('the expiry', lambda: client.get_state('statestore', 'k').data == b'')


def test_http_and_grpc_see_the_same_keys(client, store):
    assert store.http('POST', '/v1.0/state/statestore', [{'key': 'k', 'value': {'a': [1, 2.50]}}]).status == 204
    assert client.get_state('statestore', 'k').data == b'{"a": [1, 2.5]}'
    answer = store.http('GET', '/v1.0/state/statestore/k')
    assert (answer.status, answer.json(), answer.headers['Content-Type']) == (200, {'a': [1, 2.5]}, 'application/json')
    etag = answer.headers['Etag']
    assert store.http('DELETE', '/v1.0/state/statestore/k', headers={'If-Match': '99'}).status in (400, 409)
    assert store.http('DELETE', '/v1.0/state/statestore/k', headers={'If-Match': etag}).status == 204
    assert store.http('GET', '/v1.0/state/statestore/k').status == 204


def test_errors_are_the_peers(client, store):
    answer = store.http('GET', '/v1.0/state/nowhere/k')
    assert answer.status == 400
    assert answer.json()['errorCode'] == 'ERR_STATE_STORE_NOT_FOUND'
    assert answer.json()['details'][0]['reason'] == 'DAPR_STATE_NOT_FOUND'
    assert store.http('POST', '/v1.0/state/statestore', b'{').json()['errorCode'] == 'ERR_MALFORMED_REQUEST'
    assert store.http('POST', '/v1.0/state/statestore', [{'value': 1}]).status == 400
    assert store.http('GET', '/v1.0/state/statestore/a%7C%7Cb').json()['errorCode'] == 'ERR_MALFORMED_REQUEST'
    with pytest.raises(RpcError) as refused:
        client.get_state('nowhere', 'k')
    assert refused.value.code() == StatusCode.INVALID_ARGUMENT


def test_acknowledged_writes_survive_sigkill(machine):
    resources = machine.resources(sqlite('state', 'statestore', machine.folder / 's.db'))
    first = machine.sidecar('orders', resources=resources)
    with first.client() as client:
        for i in range(50):
            client.save_state('statestore', f'k{i}', f'v{i}')
    first.kill()
    second = machine.sidecar('orders', resources=resources)
    with second.client() as client:
        items = client.get_bulk_state('statestore', [f'k{i}' for i in range(50)]).items
    assert [item.data for item in items] == [f'v{i}'.encode() for i in range(50)]
