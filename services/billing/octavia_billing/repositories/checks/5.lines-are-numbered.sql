-- lines are numbered without gaps and say the balance after them
WITH effects AS (
    SELECT user_id, seq, coalesce(sum(amount) FILTER (WHERE book = 'available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE book = 'held'), 0) AS held
    FROM entries WHERE book IN ('available', 'held') GROUP BY user_id, seq
), running AS (
    SELECT t.user_id, t.seq, t.balance_after, t.held_after,
           row_number() OVER w AS number, sum(e.available) OVER w AS available,
           sum(e.held) OVER w AS held
    FROM transactions t LEFT JOIN effects e USING (user_id, seq)
    WINDOW w AS (PARTITION BY t.user_id ORDER BY t.seq)
)
SELECT format('user %s, line %s', user_id, seq) AS subject,
       format('is number %s and says %s and %s, the entries say %s and %s', number, balance_after,
              held_after, available, held) AS wrong
FROM running
WHERE (seq, balance_after, held_after) IS DISTINCT FROM (number, available, held)
UNION ALL
SELECT format('user %s', a.user_id), format('counts %s lines and has %s', a.seq, count(t.seq))
FROM accounts a LEFT JOIN transactions t USING (user_id) GROUP BY a.user_id, a.seq
HAVING a.seq <> count(t.seq)
