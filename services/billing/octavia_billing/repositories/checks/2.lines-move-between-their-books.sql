-- every line moves its credits between the two books of its kind, and no other
WITH moves (kind, source, destination) AS (VALUES
    ('grant', 'granted', 'available'),
    ('reserve', 'available', 'held'),
    ('capture', 'held', 'revenue'),
    ('release', 'held', 'available'),
    ('expire', 'available', 'expired')
), sides AS (
    SELECT user_id, seq, count(*) AS sides,
           min(book) FILTER (WHERE amount < 0) AS source, -min(amount) AS taken,
           min(book) FILTER (WHERE amount > 0) AS destination, max(amount) AS given
    FROM entries GROUP BY user_id, seq
)
SELECT format('user %s, line %s', user_id, seq) AS subject,
       format('%s of %s, entries: %s from %s, %s to %s', coalesce(kind, 'no line'), credits, s.taken,
              s.source, s.given, s.destination) AS wrong
FROM (SELECT * FROM transactions JOIN moves USING (kind)) t FULL JOIN sides s USING (user_id, seq)
WHERE (s.sides, s.source, s.taken, s.destination, s.given)
      IS DISTINCT FROM (2::bigint, t.source, t.credits, t.destination, t.credits)
