"""Keeps a tally of the orders that it hears of."""

import os
from collections import Counter
from threading import Lock

from dapr.ext.fastapi import DaprApp
from fastapi import Body, FastAPI

app = FastAPI()
subscriptions = DaprApp(app)

lock = Lock()
seen: set[str] = set()
quantities: Counter[str] = Counter()


@subscriptions.subscribe(pubsub='pubsub', topic='orders.created')
def created(event: dict = Body()) -> dict:
    order = event['data']
    with lock:
        # A message may come more than once; an order counts once.
        if order['id'] not in seen:
            seen.add(order['id'])
            quantities[order['item']] += order['quantity']
    print(f'counted order {order["id"]}: {order["quantity"]} x {order["item"]}', flush=True)
    return {'status': 'SUCCESS'}


@app.get('/tally')
def tally() -> dict:
    with lock:
        return {'orders': len(seen), 'quantities': dict(quantities)}


if __name__ == '__main__':
    import uvicorn

    uvicorn.run(app, host='127.0.0.1', port=int(os.environ['APP_PORT']), log_level='warning')
