-- stored balances are what the entries add up to
SELECT format('user %s', user_id) AS subject,
       format('available and held are %s and %s, the entries say %s and %s', a.available, a.held,
              e.available, e.held) AS wrong
FROM accounts a FULL JOIN (
    SELECT user_id, coalesce(sum(amount) FILTER (WHERE book = 'available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE book = 'held'), 0) AS held
    FROM entries GROUP BY user_id
) e USING (user_id)
WHERE (a.available, a.held) IS DISTINCT FROM (coalesce(e.available, 0), coalesce(e.held, 0))
