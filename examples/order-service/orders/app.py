"""Takes orders: saves them through the state API and publishes them; asks the tally through service invocation."""

import json
import os
import uuid

from dapr.clients import DaprClient
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, PositiveInt

STATE_STORE = 'statestore'
PUBSUB = 'pubsub'
TOPIC = 'orders.created'
TALLY_APP = 'tally'

app = FastAPI()
dapr = DaprClient()


class NewOrder(BaseModel):
    item: str
    quantity: PositiveInt


@app.post('/orders', status_code=201)
def create(order: NewOrder) -> dict:
    saved = {'id': uuid.uuid4().hex, **order.model_dump()}
    payload = json.dumps(saved)
    dapr.save_state(STATE_STORE, saved['id'], payload)
    dapr.publish_event(PUBSUB, TOPIC, payload, data_content_type='application/json')
    return saved


@app.get('/orders/{order_id}')
def read(order_id: str) -> dict:
    stored = dapr.get_state(STATE_STORE, order_id)
    if not stored.data:
        raise HTTPException(404, f'there is no order {order_id}')
    return json.loads(stored.data)


@app.get('/tally')
def tally() -> dict:
    return dapr.invoke_method(TALLY_APP, 'tally', http_verb='GET').json()


if __name__ == '__main__':
    import uvicorn

    uvicorn.run(app, host='127.0.0.1', port=int(os.environ['APP_PORT']), log_level='warning')
