#include "config.h"

#include "db/views_db.h"

#include "db/sql.h"

enum { FLUSH = 5000, RECENT_DAYS = 90, DAY_S = 86400, HALF_HOURS_KEPT = 2 };

enum rc views_db_visit(struct ctx *c, const struct visit *v)
{
	struct blob visitor = { v->visitor, sizeof(v->visitor) };

	if (id_is_none(v->product))
		return sql_run(c,
		               "INSERT IGNORE INTO product_visit"
		               "  (product_id, visitor, half_hour, is_robot)"
		               " SELECT p.id, ?, ?, ? FROM product p"
		               "  WHERE p.slug = ? AND p.is_visible = 1"
		               "    AND NOT p.vendor_id <=> ?",
		               A(visitor), A(v->half_hour), A(v->is_robot),
		               A(v->slug), A(v->own_vendor));
	return sql_run(c,
	               "INSERT IGNORE INTO product_visit"
	               "  (product_id, visitor, half_hour, is_robot)"
	               " SELECT p.id, ?, ?, ? FROM product p"
	               "  WHERE p.id = ? AND p.is_visible = 1"
	               "    AND NOT p.vendor_id <=> ?",
	               A(visitor), A(v->half_hour), A(v->is_robot),
	               A(v->product), A(v->own_vendor));
}

#define OPEN_VISITS                                               \
	"(SELECT product_id, half_hour DIV 48 AS day,"            \
	"        SUM(is_robot = 0) AS n, SUM(is_robot) AS robots" \
	"   FROM product_visit WHERE counted = 2"                 \
	"  GROUP BY product_id, half_hour DIV 48)"

/* 2 marks those that this transaction counts: nobody else sees the mark. */
static enum rc flush(struct ctx *c, bool *more)
{
	int64_t marked = 0;
	enum rc rc = sql_change(c, &marked,
	                        "UPDATE product_visit SET counted = 2"
	                        " WHERE counted = 0 LIMIT ?",
	                        A((int)FLUSH));

	*more = marked == FLUSH;
	if (!rc && marked)
		rc = sql_run(c, "INSERT INTO product_day (product_id, day,"
		                "  vendor_id, views, robot_views)"
		                " SELECT v.product_id,"
		                "        FROM_UNIXTIME(v.day * 86400),"
		                "        p.vendor_id, v.n, v.robots"
		                "   FROM " OPEN_VISITS " AS v"
		                "   JOIN product p ON p.id = v.product_id"
		                " ON DUPLICATE KEY UPDATE"
		                "  views = product_day.views + VALUES(views),"
		                "  robot_views = product_day.robot_views +"
		                "                VALUES(robot_views)");
	if (!rc && marked)
		rc = sql_run(c,
		             "UPDATE product p JOIN"
		             "       (SELECT product_id, SUM(n) AS n,"
		             "               SUM(robots) AS robots"
		             "          FROM " OPEN_VISITS " AS d"
		             "         GROUP BY product_id) AS v"
		             "    ON v.product_id = p.id"
		             "   SET p.views = p.views + v.n,"
		             "       p.robot_views = p.robot_views + v.robots");
	if (!rc && marked)
		rc = sql_run(c, "UPDATE product_visit SET counted = 1"
		                " WHERE counted = 2");
	if (!rc)
		rc = sql_run(c,
		             "DELETE FROM product_visit"
		             " WHERE counted = 1 AND half_hour < ? LIMIT 10000",
		             A(c->now.us / 1800000000 - HALF_HOURS_KEPT));
	return rc;
}

enum rc views_db_flush(struct ctx *c, bool *more)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, flush(c, more));
}

static enum rc rank(struct ctx *c, int days, int max)
{
	enum rc rc = sql_run(c, "DELETE FROM product_trend");

	if (rc)
		return rc;
	/* A sale says as much as twenty looks. */
	return sql_run(c,
	               "INSERT INTO product_trend (product_id, score)"
	               " SELECT product_id, SUM(views) + 20 * SUM(sales) AS s"
	               "   FROM product_day WHERE day >= DATE(?)"
	               "  GROUP BY product_id HAVING s > 0"
	               "  ORDER BY s DESC, product_id LIMIT ?",
	               A(when_plus(c->now, -(int64_t)days * DAY_S)), A(max));
}

enum rc views_db_rank(struct ctx *c, int days, int max)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, rank(c, days, max));
}

enum rc views_db_remember(struct ctx *c, struct id customer, struct id product,
                          const char *slug)
{
	if (id_is_none(product))
		return sql_run(c,
		               "INSERT INTO recently_viewed"
		               "  (customer_id, product_id, viewed_at)"
		               " SELECT ?, p.id, ? FROM product p"
		               "  WHERE p.slug = ? AND p.is_visible = 1"
		               " ON DUPLICATE KEY UPDATE"
		               "  viewed_at = VALUES(viewed_at)",
		               A(customer), A(c->now), A(slug));
	return sql_run(c,
	               "INSERT INTO recently_viewed"
	               "  (customer_id, product_id, viewed_at)"
	               " SELECT ?, p.id, ? FROM product p"
	               "  WHERE p.id = ? AND p.is_visible = 1"
	               " ON DUPLICATE KEY UPDATE viewed_at = VALUES(viewed_at)",
	               A(customer), A(c->now), A(product));
}

enum rc views_db_forget(struct ctx *c)
{
	return sql_run(c,
	               "DELETE FROM recently_viewed WHERE viewed_at < ?"
	               " LIMIT 10000",
	               A(when_plus(c->now, -(int64_t)RECENT_DAYS * DAY_S)));
}
