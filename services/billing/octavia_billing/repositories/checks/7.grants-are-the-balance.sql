-- what remains of a user's grants is their available balance
SELECT format('user %s', a.user_id) AS subject,
       format('available is %s, the grants have %s', a.available, coalesce(sum(g.remaining), 0)) AS wrong
FROM accounts a LEFT JOIN grants g USING (user_id) GROUP BY a.user_id, a.available
HAVING a.available <> coalesce(sum(g.remaining), 0)
