-- every transaction sums to zero
SELECT format('user %s, line %s', user_id, seq) AS subject, format('sums to %s', sum(amount)) AS wrong
FROM entries GROUP BY user_id, seq HAVING sum(amount) <> 0
